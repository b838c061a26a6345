export { checkWritable, readDataset, readModel, writeFileAtomic, writeModel } from './files.ts'
