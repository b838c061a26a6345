import { train } from '../../../server.js'

export const dynamic = 'force-dynamic'

export async function GET() {
  return Response.json(await train())
}
