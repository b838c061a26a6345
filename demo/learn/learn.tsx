export default function Learn() {
  return <p>…</p>
}
