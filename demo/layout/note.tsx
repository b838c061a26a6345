import './note.css'

/** What the page did without being asked, until the user closes it. */
export function Note({ text, onClose }: { text: string | undefined; onClose: () => void }) {
  return (
    <div class="note" role="status">
      {text !== undefined && (
        <>
          <p>{text}</p>
          <CloseButton label="Close" onClick={onClose} />
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
