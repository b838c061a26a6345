export { streamCsv, type CsvStream, type CsvStreamOptions } from './csv-stream.ts'
export { readCheckpoint, readDataset, readModel, writeCheckpoint, writeModel } from './files.ts'
export { checkWritable, writeFileAtomic, type WriteOptions } from './write.ts'
