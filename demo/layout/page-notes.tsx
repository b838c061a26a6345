import { closeNote, note } from '../state.ts'
import { Note } from './note.tsx'
import { Offer } from './offer.tsx'
import './page-notes.css'

/** What the page offers, and what it did without being asked. */
export const PageNotes = () => (
  <div class="page-notes">
    <Offer />
    <Note text={note.value} onClose={closeNote} />
  </div>
)
