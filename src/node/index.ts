export { streamCsv, type CsvStream, type CsvStreamOptions } from './csv-stream.ts'
export {
  readCheckpoint,
  readCsvInputs,
  readDataset,
  readEnsemble,
  readModel,
  writeCheckpoint,
  writeModel,
} from './files.ts'
export { checkWritable, writeFileAtomic, type Content, type WriteOptions } from './write.ts'
