import type { ShownData } from './protocol.ts'

/** What is known about the number of pictures. */
type Counted = { train: Pick<ShownData['train'], 'count'>; test: Pick<ShownData['test'], 'count'> } & Pick<
  ShownData,
  'available'
>

const count = (value: number) => value.toLocaleString('en')

/** How many pictures of the file or of the generated ones the run uses. */
export function describeCount({ train, test, available }: Counted): string {
  const [learn, check] = [train.count, test.count]
  if (!available) {
    return check > 0
      ? `${count(learn + check)} pictures: ${count(learn)} to learn, ${count(check)} to test.`
      : `${count(learn)} pictures to learn.`
  }
  if (available.test > 0) {
    const tested = check > 0 ? `, tests on ${count(check)} of ${count(available.test)}` : ''
    return `Learns ${count(learn)} of ${count(available.train)} pictures${tested}.`
  }
  const used = `${count(learn + check)} of ${count(available.train)} pictures are used`
  return check > 0 ? `${used}: ${count(learn)} to learn, ${count(check)} to test.` : `${used}.`
}
