import { ColumnList, describeTask, quote, taskChoices } from './columns.tsx'
import { chooseTask, predictColumn } from './edits.ts'
import { Choice, Switch } from './fields.tsx'
import { type FileInfo, hasSeveralOutputs, type ShownData } from './protocol.ts'
import type { Settings } from './settings.ts'
import { change, data, file, settings } from './state.ts'

const count = (value: number) => value.toLocaleString('en')

/** How the columns of a file are used, and which of them the plane shows. */
export function FileControls() {
  const opened = file.value
  const shown = data.value?.shown
  if (!opened || !shown) return null
  const isTable = opened.kind === 'csv'
  return (
    <>
      <p class="hint">
        <b>{opened.name}</b>: {count(opened.samples)} {isTable ? 'rows' : 'pictures'}
        {isTable && `, ${count(shown.features.length)} columns to predict ${quote(shown.targets)} from`}.
      </p>
      {[...opened.notes, ...shown.notes].map((note) => (
        <p class="hint" key={note}>
          {note}
        </p>
      ))}
      {isTable && (
        <>
          <TargetControls opened={opened} shown={shown} />
          <ColumnList columns={shown.columns} surveyed={opened.columns} />
          <PreprocessingControls opened={opened} shown={shown} />
          <PlaneControls shown={shown} />
        </>
      )}
    </>
  )
}

interface Opened {
  opened: FileInfo
  shown: ShownData
}

/** Which column is predicted, and as what; further targets are chosen in the list of columns. */
function TargetControls({ opened, shown }: Opened) {
  const { columns } = opened
  const names = columns.map(({ name }) => name)
  const isSeveral = shown.targets.length > 1
  return (
    <>
      <Choice
        label="Target column"
        term="target"
        value={isSeveral ? '' : settings.value.target}
        choices={isSeveral ? [['', `${shown.targets.length} columns (see below)`], ...names] : names}
        onChoose={(name) => {
          if (name !== '') predictColumn(name)
        }}
      />
      <Choice
        label={isSeveral ? 'Predict them as' : 'Predict it as'}
        term="task"
        value={settings.value.task}
        choices={taskChoices(shown.targets.map((target) => columns.find(({ name }) => name === target)))}
        onChoose={(task) => {
          chooseTask(task as Settings['task'])
        }}
      />
      <p class="hint">{describeTask(shown)}</p>
    </>
  )
}

/** What is done with missing values, and whether numbers are scaled. */
function PreprocessingControls({ opened, shown }: Opened) {
  const hasGaps = shown.columns.some(({ role }, j) => role === 'input' && opened.columns[j]!.missing > 0)
  return (
    <>
      {hasGaps && (
        <Choice
          label="Missing values in the input columns"
          term="missing"
          value={settings.value.missing}
          choices={[
            ['impute', 'fill them in'],
            ['drop', 'leave their rows out'],
          ]}
          onChoose={(missing) => {
            change({ missing: missing as Settings['missing'] })
          }}
        />
      )}
      <Switch name="scaleInputs" label="Scale the inputs" />
      {shown.kind === 'regression' && (
        <Switch name="scaleTargets" label={shown.targets.length > 1 ? 'Scale the targets' : 'Scale the target'} />
      )}
    </>
  )
}

/** Which columns are on the axes of the plane, and which output it shows. */
function PlaneControls({ shown }: { shown: ShownData }) {
  const { features, axes, outputs, shownOutput } = shown
  return (
    <>
      {hasSeveralOutputs(shown) && (
        <Choice
          label="Shown on the plane"
          value={outputs[shownOutput]!}
          choices={outputs}
          onChoose={(shownTarget) => {
            change({ shownTarget })
          }}
        />
      )}
      {features.length > 1 && (
        <>
          <Choice
            label="Horizontal axis"
            value={features[axes[0]]!}
            choices={features}
            onChoose={(across) => {
              change({ across })
            }}
          />
          <Choice
            label="Vertical axis"
            value={features[axes[1]]!}
            choices={features}
            onChoose={(up) => {
              change({ up })
            }}
          />
        </>
      )}
      {features.length > 2 && (
        <p class="hint">The network uses all columns. The plane shows these two and estimates the others from them.</p>
      )}
    </>
  )
}
