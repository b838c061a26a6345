import { homepage } from '../../package.json'

/**
 * The repository that package.json names, where the address of the page does not say it. RELEASING.md says what to replace
 * when the repository has a host.
 */
const published = homepage.replace(/#.*$/, '')

/** The repository of a page: https://owner.github.io/name/ belongs to https://github.com/owner/name. */
export function repositoryOf({ hostname, pathname }: Pick<Location, 'hostname' | 'pathname'>): string {
  const owner = /^([\w-]+)\.github\.io$/.exec(hostname)?.[1]
  if (owner === undefined) return published
  const name = pathname.split('/')[1]
  return `https://github.com/${owner}/${name === '' || name === undefined ? `${owner}.github.io` : name}`
}

export interface PageLink {
  text: string
  href: string
  title: string
}

/** Where the page leads: the source, the article's examples, the documentation. */
export function linksOf(location: Pick<Location, 'hostname' | 'pathname'>): readonly PageLink[] {
  const repository = repositoryOf(location)
  return [
    { text: 'Source', href: repository, title: 'The source code of this page and of the library' },
    {
      text: 'Article',
      href: `${repository}/blob/HEAD/examples/README.md`,
      title: 'From one neuron to a network, as the article derives it, with programs to run',
    },
    { text: 'Documentation', href: `${repository}#readme`, title: 'How to use the library in your own programs' },
  ]
}
