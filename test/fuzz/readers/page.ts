import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { fromHash, toHash } from '../../../demo/link.ts'
import { encodePoints } from '../../../demo/points.ts'
import { defaultsFor } from '../../../demo/presets.ts'
import { addressOf, embedCode } from '../../../demo/share/address.ts'
import { linksOf } from '../../../demo/share/links.ts'
import { wallOf } from '../../../demo/sweep/axes.ts'
import { useOf } from '../../../demo/settings.ts'
import { FileReading, pack, unpack } from '../../../demo/worker/reading.ts'
import { bytes, choice, pair, text } from '../mutate.ts'
import { keptReader } from './kept.ts'
import { type Reader, reader } from './reader.ts'

const points = encodePoints([{ x: 0.5, y: -0.25, second: true }])
const links = [
  toHash({ ...defaultsFor('spirals'), hidden: [4, 5], activations: ['tanh', 'relu', 'sigmoid'], seed: 7 }),
  `problem=own&points=${points}`,
  'problem=file&file=a.csv&target=kind&across=x&up=y&task=regression&without=0-1&missing=drop&otherTargets=2',
  'tab=wall&wallAcross=optimizer&wallUp=layers&l1=0.1&dropout=0.5&scaleInputs=false&features=x-y-xy&stop=100&init=heNormal',
  'tab=learn&lesson=2&samples=100&noise=50&test=0.5&backend=cpu&batch=5&patience=3&speed=1&dataSeed=4',
]

/** A link leads to the settings that it was made from, and nothing of it becomes markup. */
function follow(hash: string): void {
  const { settings, problems } = fromHash(hash)
  if (problems.length > 20 || problems.some((problem) => problem.length > 500)) throw new Error('too many problems')
  const again = fromHash(toHash(settings))
  if (again.problems.length > 0 || toHash(again.settings) !== toHash(settings)) throw new Error('does not come back')
  wallOf(settings)
  const code = embedCode('https://example.org/page/', settings)
  if (!/^<iframe src="https:\/\/example\.org\/[^"<>\s]*" title="[\w ]+" [\w\s="-:]+><\/iframe>$/.test(code)) throw new Error(`not one element: ${code}`) // prettier-ignore
  new URL(addressOf('https://example.org/', settings, { embedded: true }))
}

const places = ['owner.github.io /page/', 'github.io /', 'owner.github.io.example.org /x', 'localhost /..//x']
function linkTo(place: string): void {
  const [hostname = '', pathname = '/'] = place.split(' ')
  for (const { href } of linksOf({ hostname, pathname })) {
    if (!href.startsWith('https://github.com/')) throw new Error(`it leads to ${href}`)
  }
}

const tables = [
  'width,length,kind\n1,2.5,a\n3,4e2,b\n5,-6,a\n7,.8,b\n8,1,a\n9,2,b\n',
  'a;b;c\n1,5;oak;0\n2,5;elm;1\n;oak;1\n4,5;;0\n',
  '1,2,0.5\n3,4,1.5\n4,4,2.5\n',
  'old,tree,one,two,empty,y\nyes,oak,1,0,,1\nno,elm,0,1,,2\nyes,ash,1,1,,3\n,oak,0,0,,1\nno,elm,1,1,,2\n',
  'x\n1\n2\n',
]
const files = tables.map((one) => new Uint8Array(Buffer.from(one)))
const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 255, 1, 2, 3, 4, 5])
const labels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 0])
const packed = new Uint8Array(gzipSync(labels))
const otherFiles = [new Uint8Array(gzipSync(tables[0]!)), new Uint8Array(Buffer.from(`\ufeff${tables[0]!}`, 'utf16le'))]
const fileName = choice(
  fc.constantFrom('a.csv', '<img src=x>.csv', '../x', 'train-labels', 't10k', 'test-labels'),
  'a.csv',
)

async function open(reading: FileReading, dropped: readonly (readonly [string, Uint8Array])[], hash: string): Promise<void> {
  const parts = dropped.map(([name, content]) => new File([content as Uint8Array<ArrayBuffer>], name))
  const { file, use } = await reading.open(parts)
  // The link that is followed once the file is open may be of another file.
  const { settings } = fromHash(hash)
  const given = { ...defaultsFor('file'), ...use, file: file.name }
  for (const next of [given, { ...settings, ...use }, { ...given, ...useOf(settings) }]) {
    const { packed } = pack(await reading.prepare(next))
    unpack(packed)
  }
} // prettier-ignore

const page = ['demo/worker/open', 'demo/worker/prepare', 'demo/worker/reading', 'demo/worker/columns']

/** What the page reads: links, files that are dropped on it, and the runs that the browser kept. */
export async function pageReaders(): Promise<Reader<unknown>[]> {
  const reading = new FileReading()
  return [
    reader('link', text(links), ['demo/link', 'demo/points', 'demo/share/address', 'demo/sweep/axes'], follow),
    reader('address of the page', text(places), ['demo/share/links'], linkTo),
    reader(
      'CSV file on the page',
      pair(pair(fileName, bytes([...files, ...otherFiles])), text(links)),
      page,
      ([one, hash]) => open(reading, [one], hash),
    ),
    reader('IDX files on the page', pair(pair(fileName, bytes([images])), pair(fileName, bytes([labels, packed]))), page, (parts) =>
      open(reading, parts, ''),
    ), // prettier-ignore
    await keptReader(),
  ]
}
