import { describe, expect, it } from 'vitest'
import {
  classificationReport,
  confusionMatrix,
  Dataset,
  type Matrix,
  oneHot,
  precisionRecallF1,
  regressionReport,
  rocAuc,
  topKAccuracy,
} from '../src/index.ts'

/** A data set of which only the targets matter. */
const withTargets = (targets: Matrix | number[] | number[][]) => {
  const samples = 'rows' in targets ? targets.rows : targets.length
  return Dataset.from(Array.from({ length: samples }, (_, i) => [i]), targets) // prettier-ignore
}
const withLabels = (labels: number[], classes: number) => withTargets(oneHot(labels, classes))
/** For values that scikit-learn's documentation prints with two digits. */
const about = (value: number): unknown => expect.closeTo(value, 2)
const exactly = (value: number): unknown => expect.closeTo(value, 12)

describe('confusionMatrix', () => {
  // The example of scikit-learn's documentation: y_true = [2, 0, 2, 2, 0, 1], y_pred = [0, 0, 2, 2, 0, 2].
  const data = withLabels([2, 0, 2, 2, 0, 1], 3)

  it('counts true classes by row and predicted classes by column', () => {
    expect(confusionMatrix(oneHot([0, 0, 2, 2, 0, 2], 3), data)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ])
  })

  it('treats one output as two classes, on two sides of the decision boundary', () => {
    const answers = [[0.2], [0.7], [0.6], [0.9]]
    expect(confusionMatrix(answers, withTargets([0, 0, 1, 1]))).toEqual([
      [1, 1],
      [0, 2],
    ])
    const signs = withTargets([-1, -1, 1, 1])
    expect(confusionMatrix([[-0.2], [0.7], [0.1], [0.9]], signs, { boundary: 0 })).toEqual([
      [1, 1],
      [0, 2],
    ])
  })

  it('says what does not fit', () => {
    expect(() => confusionMatrix([[1, 0, 0]], data)).toThrow(
      'answers: expected 6 × 3 values, as many as targets, got 1 × 3',
    )
  })
})

describe('precision, recall and F1', () => {
  it('are those of classification_report in scikit-learn’s documentation', () => {
    // y_true = [0, 1, 2, 2, 2], y_pred = [0, 0, 2, 2, 1]; class 1 is never predicted correctly: 0, not NaN.
    const report = classificationReport(oneHot([0, 0, 2, 2, 1], 3), withLabels([0, 1, 2, 2, 2], 3))
    expect(report).toMatchObject({
      samples: 5,
      accuracy: 0.6,
      classes: [
        { precision: 0.5, recall: 1, f1: about(0.67), support: 1 },
        { precision: 0, recall: 0, f1: 0, support: 1 },
        { precision: 1, recall: about(0.67), f1: about(0.8), support: 3 },
      ],
      macro: { precision: 0.5, recall: exactly(5 / 9), f1: exactly((2 / 3 + 0.8) / 3) },
      weighted: { precision: exactly(0.7), recall: exactly(0.6), f1: exactly((2 / 3 + 3 * 0.8) / 5) },
      micro: { precision: 0.6, recall: 0.6, f1: 0.6 },
      rocAuc: null,
    })
  })

  it('are those of precision_recall_fscore_support in scikit-learn’s documentation', () => {
    // y_true = cat dog pig cat dog pig, y_pred = cat pig dog cat cat dog.
    const counts = confusionMatrix(oneHot([0, 2, 1, 0, 0, 1], 3), withLabels([0, 1, 2, 0, 1, 2], 3))
    const { classes, macro, micro, weighted } = precisionRecallF1(counts)
    expect(classes).toEqual([
      { precision: exactly(2 / 3), recall: 1, f1: exactly(0.8), support: 2 },
      { precision: 0, recall: 0, f1: 0, support: 2 },
      { precision: 0, recall: 0, f1: 0, support: 2 },
    ])
    expect(macro).toEqual({ precision: exactly(2 / 9), recall: exactly(1 / 3), f1: exactly(0.8 / 3) })
    expect(weighted).toEqual(macro)
    expect(micro).toEqual({ precision: exactly(1 / 3), recall: exactly(1 / 3), f1: exactly(1 / 3) })
  })

  it('exclude classes that never occur from the macro mean, as scikit-learn does, but not classes that are predicted', () => {
    expect(precisionRecallF1([[2, 0, 0], [0, 1, 0], [0, 0, 0]]).macro.f1).toBe(1) // prettier-ignore
    const one = precisionRecallF1([[1, 0, 1], [0, 1, 0], [0, 0, 0]]) // prettier-ignore
    expect(one.classes[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 })
    expect(one.macro.precision).toBeCloseTo(2 / 3, 12)
    expect(one.weighted.recall).toBeCloseTo(2 / 3, 12)
  })

  it('refuse values that are not confusion matrices', () => {
    expect(() => precisionRecallF1([[1]])).toThrow('counts: expected at least two rows, one a class, got an array of 1')
    expect(() => precisionRecallF1([[1, 2], [3]])).toThrow('counts: row 1 is an array of 1, expected 2 counts') // prettier-ignore
    expect(() => precisionRecallF1([[1, 2], [3, -1]])).toThrow('counts[1][1]: expected a whole number from 0') // prettier-ignore
  })
})

describe('topKAccuracy', () => {
  // The example of top_k_accuracy_score in scikit-learn's documentation.
  const data = withLabels([0, 1, 2, 2], 3)
  const answers = [
    [0.5, 0.2, 0.2],
    [0.3, 0.4, 0.2],
    [0.2, 0.4, 0.3],
    [0.7, 0.2, 0.1],
  ]

  it('counts the classes that are among the largest outputs', () => {
    expect(topKAccuracy(answers, data)).toBe(0.75)
    expect(topKAccuracy(answers, data, { k: 1 })).toBe(0.5)
    expect(topKAccuracy(answers, data, { k: 3 })).toBe(1)
    expect(classificationReport(answers, data).topK).toEqual({ k: 2, accuracy: 0.75 })
    expect(classificationReport(answers, data, { topK: 1 }).topK).toEqual({ k: 1, accuracy: 0.5 })
    expect(() => topKAccuracy(answers, data, { k: 4 })).toThrow('k: expected a whole number from 1 to 3, got 4')
  })

  it('with k = 1 is the accuracy, including ties and single outputs', () => {
    const tied = [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0, 0, 0], [0, 0, 1]] // prettier-ignore
    expect(topKAccuracy(tied, data, { k: 1 })).toBe(classificationReport(tied, data).accuracy)
    const two = withTargets([0, 0, 1, 1])
    const single = [[0.1], [0.6], [0.7], [0.5]]
    expect(classificationReport(single, two)).toMatchObject({ accuracy: 0.5, topK: { k: 1, accuracy: 0.5 } })
    expect(topKAccuracy(single, two)).toBe(1)
  })
})

describe('rocAuc', () => {
  it('is that of scikit-learn’s documentation', () => {
    // roc_curve's example: y = [1, 1, 2, 2] with scores [0.1, 0.4, 0.35, 0.8].
    const answers = [[0.1], [0.4], [0.35], [0.8]]
    const data = withTargets([0, 0, 1, 1])
    expect(rocAuc(answers, data)).toBe(0.75)
    expect(classificationReport(answers, data).rocAuc).toBe(0.75)
  })

  it('counts ties half: the trapezoids of the curve', () => {
    // Pairs (second, first): 0.5 beats 0.2 and ties with 0.5; 0.5 the same; 0.9 beats both: (1.5 + 1.5 + 2) / 6.
    const data = withTargets([0, 0, 1, 1, 1])
    expect(rocAuc([[0.2], [0.5], [0.5], [0.5], [0.9]], data)).toBeCloseTo(5 / 6, 12)
    expect(rocAuc([[1], [1], [1], [1], [1]], data)).toBe(0.5)
    expect(rocAuc([[0.9], [0.8], [0.3], [0.2], [0.1]], data)).toBe(0)
  })

  it('treats two columns as one, and is undefined for three classes or for one', () => {
    const two = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]] // prettier-ignore
    expect(rocAuc(two, withLabels([0, 0, 1, 1], 2))).toBe(0.75)
    expect(rocAuc([[0.3], [0.4]], withTargets([1, 1]))).toBeNaN()
    expect(classificationReport([[0.3], [0.4]], withTargets([1, 1])).rocAuc).toBeNull()
    expect(() => rocAuc(oneHot([0, 1, 2]), withLabels([0, 1, 2], 3))).toThrow(
      'answers: rocAuc is for two classes, got 3 columns',
    )
  })
})

describe('regressionReport', () => {
  // The examples of r2_score and mean_absolute_error in scikit-learn's documentation.
  it.each([
    ['one output', [[3], [-0.5], [2], [7]], [[2.5], [0], [2], [8]], 0.9486081370449679, 0.5],
    [
      'two outputs',
      [
        [0.5, 1],
        [-1, 1],
        [7, -6],
      ],
      [
        [0, 2],
        [-1, 2],
        [8, -5],
      ],
      0.936800526662278,
      0.75,
    ],
    ['all right', [[1], [2], [3]], [[1], [2], [3]], 1, 0],
    ['the mean', [[1], [2], [3]], [[2], [2], [2]], 0, 2 / 3],
    ['the wrong way round', [[1], [2], [3]], [[3], [2], [1]], -3, 4 / 3],
    ['constant and hit', [[-2], [-2], [-2]], [[-2], [-2], [-2]], 1, 0],
    ['constant and missed', [[-2], [-2], [-2]], [[-2], [-2], [-1.5]], 0, 1 / 6],
  ])('%s', (_, targets, answers, r2, meanAbsoluteError) => {
    const report = regressionReport(answers, withTargets(targets))
    expect(report.r2).toBeCloseTo(r2, 6)
    expect(report.meanAbsoluteError).toBeCloseTo(meanAbsoluteError, 6)
  })

  it('has the scores of each target, as scikit-learn 1.9.1 with multioutput="raw_values"', () => {
    const targets = [[0.5, 100], [-1, 300], [7, 250]] // prettier-ignore
    const { targets: scores } = regressionReport([[0, 110], [-1, 280], [8, 270]], withTargets(targets)) // prettier-ignore
    const expected = [
      { r2: 0.9654377880184332, meanAbsoluteError: 0.5, rootMeanSquaredError: 0.6454972243679028 },
      { r2: 0.9584615384615385, meanAbsoluteError: 16.666666666666668, rootMeanSquaredError: 17.320508075688775 },
    ]
    scores.forEach((score, j) => {
      for (const [name, value] of Object.entries(expected[j]!)) {
        expect(score[name as keyof typeof score], `${name} of target ${j}`).toBeCloseTo(value, 6)
      }
    })
    expect(scores).toHaveLength(2)
  })

  it('says what does not fit', () => {
    expect(() => regressionReport([[1]], withTargets([1, 2]))).toThrow('answers: expected 2 × 1 values')
  })
})
