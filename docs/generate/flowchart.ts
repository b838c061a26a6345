/** Names of the nodes of a Mermaid flowchart, and which node leads to which. */
function readFlowchart(code: string) {
  const labels = new Map<string, string>()
  for (const [, name, label] of code.matchAll(/(\w+)\["([^"]+)"\]/g)) labels.set(name!, label!)
  const edges: { from: string; to: string; label: string }[] = []
  for (const line of code.split('\n')) {
    const bare = line.replace(/\["[^"]+"\]/g, '').trim()
    if (!bare.includes('-->')) continue
    const parts = bare.split(/\s*-->\s*/)
    for (let i = 0; i + 1 < parts.length; i++) {
      const [, label = '', to = ''] = /^(?:\|"([^"]*)"\|\s*)?(\w+)/.exec(parts[i + 1]!) ?? []
      edges.push({ from: parts[i]!.replace(/^\|"[^"]*"\|\s*/, ''), to, label })
    }
  }
  return { labels, edges }
}

/**
 * Replaces Mermaid's flowcharts by lists: each node with those that it leads to. The site then needs no program for
 * diagrams in the browser, which would be larger than the rest of the site, and the lists can be read aloud.
 */
export function flowchartsAsLists(text: string): string {
  return text.replace(/^```mermaid\n([^]*?)^```$/gm, (_, code: string) => {
    const { labels, edges } = readFlowchart(code)
    const nameOf = (name: string) => labels.get(name) ?? name
    const shortOf = (name: string) => nameOf(name).split(':')[0]!
    const from = [...new Set(edges.map((edge) => edge.from))]
    return from
      .map((name) => {
        const to = edges.filter((edge) => edge.from === name)
        return `- **${nameOf(name)}** → ${to.map((edge) => shortOf(edge.to) + (edge.label ? ` (${edge.label})` : '')).join(', ')}`
      })
      .join('\n')
  })
}
