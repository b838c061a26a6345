/** What messages of one kind mean and what to do about them. A message belongs to the first kind that fits. */
export interface Explanation {
  readonly title: string
  readonly meaning: string
  readonly advice: string
  /** What the messages of this kind contain. */
  readonly fits: RegExp
  /** Where it is not only the text that decides: the folder or file below src/. */
  readonly from?: RegExp
}

const about = (title: string, fits: RegExp, meaning: string, advice: string, from?: RegExp): Explanation =>
  from ? { title, fits, meaning, advice, from } : { title, fits, meaning, advice }

/** From the special to the general. */
export const explanations: readonly Explanation[] = [
  about(
    'The GPU is missing, or cannot be used',
    /^backend 'webgpu'|requestDevice: no device|fails the self-test|refused the module|its code cannot be loaded|backend 'wasm'|thread … is gone/,
    'The backend that was asked for cannot run here: there is no adapter, the driver is too old, the self-test found wrong results, or the page forbids WebAssembly or workers.',
    'Run `npx webgpu-mlp doctor`, which says what was found and what to install. Without a `backend` option, the library takes one that works.',
  ),
  about(
    'The GPU was lost or disposed of',
    /GPU device '…' was|with …: …/,
    'The driver took the device away (a reset, sleep, an update), the program disposed of it while it was in use, or WebGPU rejected an object.',
    'Training replaces a lost device automatically; this error appears where `onLoss` is `throw`, or where a device of your own was passed in. Create a new trainer, or pass `requestDevice`.',
    /backend\/webgpu/,
  ),
  about(
    'Not enough memory',
    /no memory left|there is memory for|are more than the …|at least …, more than|it may have …|takes at most … samples|two windows of one minibatch|keeps … bytes|workgroups side by side|parameters, (?:ONNX|expected at most)|at most … (?:bytes )?are (?:read|unpacked)|more one-hot targets/,
    'The network, a minibatch or a file is larger than the device, WebAssembly, the machine or a format allows.',
    'Use a smaller `batchSize`, a smaller network, `dataMemory`, or a stream (`streamCsv`, `--stream`). The message has the limit and the size that was needed.',
  ),
  about(
    'Training is busy, ended, or belongs to another trainer',
    /already training|called after dispose|ended by dispose|epochs are under way|another trainer|were disposed of|was disposed of|loaded (?:already|with another)|has not begun|no epoch was trained|needs clocks/,
    'A call came at a time when the trainer, the sweep or the loaded data could not take it.',
    'Await the running call first. Loaded data belong to the trainer that loaded them, until `dispose()`.',
  ),
  about(
    'Training in a worker',
    /.*/,
    'A worker gets copies of values, so that functions, streams and backends cannot be given to it; or it was ended, or has another version of the library.',
    'Make streams in the worker, name the backend, give options of `Trainer.create`, and build the page and its worker with one version.',
    /\bworker\//,
  ),
  about(
    'Several networks at a time',
    /^population|^plan:|deterministic:/,
    'The networks of a population must have one shape and differ in numbers only; each plan has its limits.',
    'Train the network that differs separately, or leave the option out.',
  ),
  about(
    'A checkpoint does not fit',
    /checkpoint|^train: these are other data|begun by another/,
    'The file is damaged, was written by another version, or is of another run: other data, options or shards.',
    'Resume with the data and options of the run that wrote it. `--lr`, `--schedule`, `--l1`, `--l2`, `--dropout`, `--clip-norm` and `--weight-decay` may change.',
  ),
  about(
    'A sweep',
    /sweep|--shards?:|--seeds|halving|random|range|logarithmic|shards|--resume|--out: …|says it already|nothing to train|how many seeds|is for …; give that, too/,
    'The values, ranges, shards or folders of a sweep contradict each other.',
    'A grid takes lists of values; ranges without a count are for `--random`. `--resume` goes on with a sweep, `--force` replaces it.',
    /sweep/,
  ),
  about(
    'An option of the command line',
    /^--|required option|belongs to --|leave the option out|is for the command line|the file names others|^…: is for|has no --data|found no run|holds a run|the run in it|is also what|…: …; …, or give another name|there is no such file|cannot be read|one a layer on the/,
    'An option is missing, does not go with another one, or its value cannot be read.',
    'The message names the option and what it expects. `npx webgpu-mlp COMMAND --help` lists all options.',
    /cli|formats\/(?:imported-names|safetensors|onnx)/,
  ),
  about(
    'Values and lists of the command line',
    /./,
    'The value of an option does not have the form that the option expects.',
    'Write it as the message shows.',
    /^cli\//,
  ),
  about(
    'A file is damaged, cut short or of another kind',
    /cut short|broken|damaged|not (?:an?|such|IDX|JSON|base64|UTF-8)|is not base64|expected base64|this is …|zero bytes|encrypted|packed by method|unpacks to|swapped|followed by more bytes|spreadsheet|zip archive|gzipped|is not JSON|not a webgpu-mlp|version …|bytes follow|directory|it begins at byte|bytes: expected|holds two arrays|fetch the file again|dimensions, at most|beyond the whole numbers|no character|shape \(…\) is not one|header|model: expected an object|ensemble: expected an object|ensembles? of … networks/,
    'The content of a file is not what its kind requires. It may be an unfinished download, or another kind of file.',
    'Fetch or export the file again. Archives, encodings and kinds are recognized by content, so the name of the file does not matter.',
  ),
  about(
    'A file cannot be read or written',
    /cannot be (?:written|read)|is a folder|symbolic link|not a folder|kernel's|expected the path|temporary files|no IDX files|found no …|several parts|holds … data sets|was not written|save it as UTF-8/,
    'The path does not exist, is protected, or the disk is full.',
    'Choose another path. Temporary files of large CSV files go to the folder in `TMPDIR`.',
  ),
  about(
    'An exported network cannot be imported',
    /^onnx|^safetensors|^activations: the file|^train\.py/,
    'The file holds more than dense layers with known activations, or its names do not say how the layers follow each other.',
    'Export the network as a plain chain of dense layers. Give the activations with `activations` (`--activation relu,softmax`) where the file does not name them.',
  ),
  about(
    'A CSV file',
    /^CSV|is not ended|the file has no column|^target|is one of the features|features names|^…, expected …$|no classes|one character|auto, yes or no|column's name|list of columns|encoding|input column|name the column|^drop|^features: expected …, as|^task/,
    'A row, a column or the target of the table cannot be used as it is.',
    'Leave columns of ids and names out (`drop`), say what happens to missing values (`missing`), and name the target. [Data](../guide/data.md) explains the options.',
    /^data\/|^model\/encoding|^node\/csv/,
  ),
  about(
    'NumPy arrays',
    /./,
    'The array has another shape or another type of value than inputs or targets need.',
    'Inputs are samples × columns of numbers; targets are one value per sample or one row per sample. Of an .npz file with other names, name the arrays with `arrays`.',
    /^formats\/np|^node\/npy/,
  ),
  about(
    'Values that are missing, infinite or not a number',
    /finite|is missing, and|outside of float32|beyond the range|too large for float32|float32 can hold|from 0 to 3\.4e38|whole number|expected a number|has …, expected|every sample is|all are 0|probabilities from 0 to 1/,
    'A number is not finite, does not fit into float32, or is outside its range.',
    'Scale the values (`standardize`), remove or fill the rows, or correct the option. The message names the first place.',
  ),
  about(
    'A shape does not fit',
    /expected … (?:values|columns|rows|names|numbers|inputs|× …)|columns?, |rows, one|has … (?:input|target) columns|network … (?:expects|gives)|one a layer|expected …, one|at least one (?:row|sample|value|network|target)|the columns of|at least an input|at least two (?:rows|names)|one row|expected samples|leaves one of the two parts|expected …, as|array of (?:rows|…)|softmax is for|slice|counts: row|makes … inputs|names for … outputs|has … names|more than the …|in a pass|expected at most …, (?:one|the)|within 0|twice|values where row 0|a chunk has|not known before it is read|no samples were added|no column names/,
    'The number of rows, columns, names or values differs from what the network or the other argument has.',
    'Samples are rows. The weights of layer l are sizes[l + 1] × sizes[l]. Compare the two numbers in the message.',
  ),
  about(
    'Preprocessing does not match',
    /scaled|scaling|scale|encoded|encoding|preprocess|classes|task|labels|words|targetNames|targets|rocAuc|regression|standardize|in another way|in the model it holds|in the order|was fitted on|classWeights/,
    'The data were scaled, encoded or labelled in another way than those that the network was fitted on, or a function for classes got a regression.',
    'Give data in their own units: a network carries its preprocessing and applies it. Fit a scaling once, on the training data.',
  ),
  about(
    'Options that exclude or need each other',
    /give one of them|leave .* out|goes with|needs? |take one|is the other|is private|no accuracy|use `await|for it first|has no such option|argument|needs the output/,
    'Two options contradict each other, or one of them needs another one.',
    'Leave one of them out, or add the one that the message names.',
  ),
  about(
    'An unknown name',
    /unknown name|unknown|known are/,
    'A name of an option, a loss, an activation or another choice is misspelled, or is the name that another library uses.',
    'The message suggests the nearest name. [The table of names](./names.md) translate from other libraries.',
  ),
  about(
    'A value of another type',
    /expected|is …, not|is listed/,
    'An argument has another type or form than the function takes.',
    'The message has the name of the argument, what came, and what is expected; the [reference](./index.md) has the types.',
  ),
  about(
    'Files of models',
    /^model: …$|^ensemble: networks|^…: not a model file|^networks\[/,
    'A field of a model or of an ensemble does not fit the others.',
    'Write the model again with the library. Networks of an ensemble predict the same from the same columns.',
  ),
]

/** The kind of a message. @param file below src/ */
export function explanationOf(text: string, file: string): Explanation | undefined {
  return explanations.find(({ fits, from }) => fits.test(text) && (!from || from.test(file)))
}
