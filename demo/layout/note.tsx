import { closeNote, note } from '../state.ts'

/** What the page did without being asked, until the user closes it. */
export function Note() {
  return (
    <div class="note" role="status">
      {note.value !== undefined && (
        <>
          <p>{note.value}</p>
          <CloseButton label="Close" onClick={closeNote} />
        </>
      )}
    </div>
  )
}

export const CloseButton = ({ label, title, onClick }: { label: string; title?: string; onClick: () => void }) => (
  <button type="button" class="close" aria-label={label} title={title ?? label} onClick={onClick}>
    <span aria-hidden="true">×</span>
  </button>
)
