import { json } from '@sveltejs/kit'
import { train } from '../../../../server.js'

export async function GET() {
  return json(await train())
}
