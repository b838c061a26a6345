import '../provide.ts'
export * from '../../worker/index.ts'
