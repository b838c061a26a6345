import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Application,
  Converter,
  DeclarationReflection,
  LiteralType,
  type ProjectReflection,
  ReflectionKind,
  type TypeDocOptions,
  UnionType,
  UnknownType,
} from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { writeOverview } from './overview.ts'
import { root, site } from './paths.ts'

const options: Partial<TypeDocOptions> & Partial<PluginOptions> & Record<string, unknown> = {
  entryPoints: ['index', 'node/index', 'worker/index'].map((name) => join(root, `src/${name}.ts`)),
  tsconfig: join(root, 'tsconfig.build.json'),
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  out: join(site, 'reference'),
  readme: 'none',
  logLevel: 'Warn',
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  githubPages: false,
  // The build fails if a member has no comment, or if a type in a signature is not exported.
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  requiredToBeDocumented: [
    'Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Method', 'Property', 'Accessor', 'Constructor',
  ], // prettier-ignore
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
  indexFormat: 'table',
  docsRoot: site,
}

/** How users import the entries. */
const entries: Record<string, string> = { index: 'webgpu-mlp', node: 'webgpu-mlp/node', worker: 'webgpu-mlp/worker' }

/**
 * Shows names that come from a table (`keyof typeof table`) as the list of names. `optionSchemas` is shown without the fields of
 * each schema, because they are the properties of the interfaces of the options.
 */
function simplifyTypes(app: Application): void {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const { project, programs } = context
    const checker = programs[0]!.getTypeChecker()
    for (const entry of project.children ?? []) entry.name = entries[entry.name] ?? entry.name
    for (const alias of project.getReflectionsByKind(ReflectionKind.TypeAlias) as DeclarationReflection[]) {
      const symbol = context.getSymbolFromReflection(alias)
      const type = symbol && checker.getDeclaredTypeOfSymbol(symbol)
      if (!type?.isUnion() || !type.types.every((one) => one.isStringLiteral())) continue
      alias.type = new UnionType(type.types.map((one) => new LiteralType((one as { value: string }).value)))
    }
    const schemas = project.getReflectionsByKind(ReflectionKind.Variable).find(({ name }) => name === 'optionSchemas')
    if (!(schemas instanceof DeclarationReflection)) throw new Error('optionSchemas is not exported')
    if (schemas.type?.type === 'reflection') project.removeReflection(schemas.type.declaration)
    schemas.type = new UnknownType('Readonly<Record<string, Schema>>')
  })
}

/** The theme begins a union of types in a cell with a bar, as one of several lines. */
function tidyUnions(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.md'))) {
    const text = readFileSync(join(folder, name), 'utf8')
    writeFileSync(join(folder, name), text.replaceAll(/(?<=[^\\]\| )\\\| /g, ''))
  }
}

/** Functions, constructors and methods of which a parameter has no `@param`: `Trainer.fit: train, options`. */
function undescribed(project: ProjectReflection): string[] {
  const callables = project.getReflectionsByKind(
    ReflectionKind.Function | ReflectionKind.Method | ReflectionKind.Constructor,
  ) as DeclarationReflection[]
  return callables.flatMap(({ name, parent, signatures = [] }) =>
    signatures.flatMap(({ parameters = [] }) => {
      const missing = parameters.filter(({ comment }) => !comment?.hasVisibleComponent())
      const owner = parent?.kindOf(ReflectionKind.Module) ? '' : `${parent?.name}.`
      return missing.length === 0 ? [] : [`${owner}${name}: ${missing.map((one) => one.name).join(', ')}`]
    }),
  )
}

/** Writes the pages of the public functions, classes and types. @throws Error with the number of members without a comment */
export async function writeReference(): Promise<void> {
  rmSync(join(site, 'reference'), { recursive: true, force: true })
  const app = await Application.bootstrapWithPlugins(options)
  simplifyTypes(app)
  const project = await app.convert()
  if (!project) throw new Error('the reference cannot be made: the sources have type errors')
  app.validate(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error(`the reference is not complete: ${app.logger.errorCount + app.logger.warningCount} messages above`)
  }
  const missing = undescribed(project)
  if (missing.length > 0) throw new Error(`parameters without @param:\n  ${missing.join('\n  ')}`)
  await app.generateOutputs(project)
  tidyUnions(join(site, 'reference'))
  writeOverview(project)
}
