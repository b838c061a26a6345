import { train } from '../../../server.js'

export const dynamic = 'force-dynamic'

export async function GET(request) {
  return Response.json(await train(new URL(request.url).searchParams.get('backend') ?? undefined))
}
