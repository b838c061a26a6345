import { Command } from 'commander'
import { diagnose } from '../node/diagnose.ts'
import { addOwn, ownFlags } from './flags.ts'
import { print } from './output.ts'

export function doctorCommand(): Command {
  const command = new Command('doctor').description(
    'which GPUs were found, which one is used and why, and what to install if there is none',
  )
  return addOwn(command, ownFlags.json).action(doctor)
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const diagnosis = await diagnose()
  if (json) {
    print(JSON.stringify(diagnosis))
    return
  }
  const { node, platform, dawn, adapters, chosen, advice } = diagnosis
  print(`Node ${node} on ${platform}`)
  print(`WebGPU in Node (the package 'webgpu', Dawn): ${dawn}`)
  print()
  if (adapters.length === 0) print('No GPU adapter was found.')
  for (const { name, vendor, architecture, software, features, limits } of adapters) {
    print(`${software ? 'Software' : 'Hardware'} adapter: ${name}`)
    print(`  vendor ${vendor || 'unknown'}, architecture ${architecture || 'unknown'}`)
    print(`  features ${features.length > 0 ? features.join(', ') : 'none of those that could be used'}`)
    print(`  one binding holds up to ${Math.round(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB`)
  }
  print()
  print(`Chosen by 'auto': ${chosen.backend}, because ${chosen.reason}.`)
  if (advice.length === 0) return
  print()
  print('What you can do:')
  for (const line of advice) print(`  - ${line}`)
}
