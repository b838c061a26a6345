export {
  checkWritable,
  readCheckpoint,
  readDataset,
  readModel,
  writeCheckpoint,
  writeFileAtomic,
  writeModel,
} from './files.ts'
export { streamCsv, type CsvStream, type CsvStreamOptions } from './csv-stream.ts'
