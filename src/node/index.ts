export {
  checkWritable,
  readCheckpoint,
  readDataset,
  readModel,
  writeCheckpoint,
  writeFileAtomic,
  writeModel,
} from './files.ts'
