import fc from 'fast-check'
import { libraryFlags } from '../../../src/cli/flags.ts'
import { classWeights, number, numbers, parseActivations, parseLayers, parseOptimizer } from '../../../src/cli/options.ts' // prettier-ignore
import { parseSchedule } from '../../../src/cli/schedules.ts'
import { checkAxes } from '../../../src/cli/sweep/axes.ts'
import { parseSweep } from '../../../src/cli/sweep/options.ts'
import { chooseShard } from '../../../src/cli/sweep/shard.ts'
import { parseNumbers, parseSeeds } from '../../../src/cli/sweep/values.ts'
import { parseTrain } from '../../../src/cli/train/options.ts'
import { choice, pair, text } from '../mutate.ts'
import { data } from './models.ts'
import { type Reader, reader } from './reader.ts'

const words = [
  ...['2,3,2', '-,3,-', '2,-,2', '0,1', '2,1e99,2', 'relu', 'relu,softmax', 'crossEntropy', 'balanced', '0.5', 'adam'],
  ...['cosine:epochs=100,minimum=0', 'step:every=3,factor=0.5', 'reduceOnPlateau:patience=3', 'exponential:factor=0.9'],
  ...[
    'ill=20,healthy=1',
    '"a, b"=3,c=1',
    '__proto__=3',
    '0.01:10:log:8',
    '1:5:linear:5',
    '1:2:log',
    '1,2,3',
    '32',
    '2/4',
  ],
]
const readers: readonly ((word: string) => unknown)[] = [
  number,
  numbers,
  classWeights,
  (word) => parseLayers(word, { inputs: 2, outputs: 2 }),
  (word) => parseActivations(word, 2, 'quadratic'),
  (word) => libraryFlags.loss.check('--loss', word),
  (word) => parseSchedule(word, 0.1, 2),
  (word) => parseOptimizer({ optimizer: word }),
  (word) => data.withClassWeights(classWeights(word)),
  (word) => parseNumbers([word], { flag: '--lr', check: libraryFlags.lr.check, takesRange: true }),
  (word) => parseNumbers([word, '3'], { flag: '--batch', check: libraryFlags.batch.check, isWhole: true }),
  parseSeeds,
  (word) => chooseShard({ shard: word }, {}),
  (word) => chooseShard({ shards: 4 }, { JOB_COMPLETION_INDEX: word }),
  (word) => chooseShard({}, { SLURM_ARRAY_TASK_ID: word, SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: word }),
]

/** Words of command lines, with spaces between them; the changes change any of them. */
const train = [
  '--data circle --layers 2,3,2 --lr 1 --batch 10 --epochs 20 --seed 1 --out model.json --report report.html',
  '--data a.csv --target kind --layers -,16,- --activation relu --loss crossEntropy --optimizer adam --schedule step:every=3 --test 0.2 --standardize --class-weights balanced --early-stopping 5 --min-delta 0.1', // prettier-ignore
  '--resume run.checkpoint --threads 2 --backend wasm --profile --json --force',
  '--data x.npy --targets y.npy --samples 10 --noise 0.1 --dropout 0.1,0.2 --l1 0.1 --l2 0.1 --checkpoint a --checkpoint-every 5 --delimiter tab --header no --decimal , --comment none --missing drop', // prettier-ignore
]
const sweep = [
  '--data circle --layers 2,3,2 --layers 2,8,2 --lr 0.01:10:log:32 --seeds 32 --epochs 20 --out sweep',
  '--data a.csv --layers -,16,- --loss crossEntropy --hidden relu,tanh --optimizer adam --lr 0.0001:0.1:log --batch 8:64:log --random 500 --random-seed 3 --halving 3 --keep 0.5', // prettier-ignore
  '--resume sweep --shard 2/4 --ensemble 3 --dry-run --limit 10',
  '--data circle --schedule cosine:epochs=3 --momentum 0.9 --weight-decay 0.1 --l1 0,0.1 --dropout 0.1:0.5:linear:3 --folds 3 --activation relu,tanh --init heNormal', // prettier-ignore
]
const split = (line: string) => line.split(' ')

const cli = ['src/cli/options', 'src/cli/flags', 'src/cli/schedules']
const sweepCli = ['src/cli/sweep/options', 'src/cli/sweep/axes', 'src/cli/sweep/values', 'src/cli/sweep/shard']

/** Readers of the words of the command line. */
export const wordReaders = (): Reader<unknown>[] => [
  reader('values of options', pair(text(words), choice(fc.nat(readers.length - 1), ...readers.keys())), [...cli, 'src/cli/sweep/values', 'src/cli/sweep/shard'], ([word, i]) =>
    readers[i]!(word),
  ), // prettier-ignore
  reader('words of train', text(train), [...cli, 'src/cli/train/options'], (line) => parseTrain(split(line))),
  reader('words of sweep', text(sweep), [...cli, ...sweepCli], (line) => {
    checkAxes(parseSweep(split(line)).options)
  }),
]
