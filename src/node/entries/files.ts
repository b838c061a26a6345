import '../provide.ts'
export * from '../index.ts'
