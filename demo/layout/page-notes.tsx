import { Note } from './note.tsx'
import { Offer } from './offer.tsx'
import './page-notes.css'

/** What the page offers, and what it did without being asked. */
export const PageNotes = () => (
  <div class="page-notes">
    <Offer />
    <Note />
  </div>
)
