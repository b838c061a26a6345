import { AdapterRecord } from '../src/backend/webgpu/device/record.ts'

/** A requested compute pipeline. */
export interface RequestedPipeline {
  readonly label: string
  readonly code: string
  readonly constants: Readonly<Record<string, number>>
  /** The entries of each bind group's layout. */
  readonly layouts: readonly (readonly GPUBindGroupLayoutEntry[])[]
}

/** The kind of adapter that a recording device simulates, on which the library's choices depend. */
export interface AdapterKind {
  readonly software: boolean
  readonly subgroups: boolean
}

interface Layout {
  readonly entries: readonly GPUBindGroupLayoutEntry[]
}

let devices = 0

/**
 * A GPUDevice that computes nothing (every buffer reads as zeros) and records requests. It finds every kernel that the
 * library requests, without compiling it, and checks what a driver would check when a kernel is used: that bind groups have
 * the bindings of their layouts, that dispatches have all their groups, and WebGPU's limits.
 */
export class RecordingGPU {
  readonly pipelines: RequestedPipeline[] = []
  readonly #made: WeakRef<object>[] = []
  readonly device: GPUDevice

  /** A device that is used without a self-test, which it would fail. */
  static async trusted(kind: AdapterKind): Promise<RecordingGPU> {
    const gpu = new RecordingGPU(kind)
    const { tests } = await AdapterRecord.of(gpu.device)
    tests.has = () => true
    tests.get = () => ''
    return gpu
  }

  constructor({ software, subgroups }: AdapterKind) {
    const unused = () => undefined
    const isTooMany = (count: number) => count > 65_535
    const createBuffer = ({ size, usage }: GPUBufferDescriptor) => ({
      size,
      usage,
      destroy: unused,
      unmap: unused,
      mapAsync: () => Promise.resolve(),
      getMappedRange: (_: number, bytes = size) => new ArrayBuffer(bytes),
    })
    const createBindGroup = ({ label, layout, entries }: GPUBindGroupDescriptor) => {
      const wanted = (layout as unknown as Layout).entries.map(({ binding }) => binding)
      const given = [...entries].map(({ binding }) => binding)
      if (String(wanted) !== String(given))
        throw new Error(`${label}: bindings ${given.join()} of a layout with ${wanted.join()}`)
      return { layout }
    }
    const beginComputePass = () => {
      let current: { readonly layouts: readonly unknown[] } | undefined
      const groups: unknown[] = []
      return {
        setPipeline: (pipeline: GPUComputePipeline) => (current = pipeline as unknown as typeof current),
        setBindGroup: (index: number, group: { layout: unknown }) => (groups[index] = group.layout),
        dispatchWorkgroups: (...counts: number[]) => {
          const fits = current?.layouts.every((layout, i) => layout === groups[i])
          if (!fits) throw new Error('a dispatch whose bind groups are not those of its pipeline')
          if (counts.some(isTooMany)) throw new Error(`a dispatch of ${counts.join(' × ')} workgroups`)
        },
        end: unused,
      }
    }
    this.device = {
      features: new Set(subgroups ? ['subgroups'] : []),
      limits: {
        maxBufferSize: 2 ** 28,
        maxStorageBufferBindingSize: 2 ** 27,
        maxComputeWorkgroupStorageSize: 2 ** 14,
        minUniformBufferOffsetAlignment: 256,
      },
      adapterInfo: { description: `recording device ${++devices}`, isFallbackAdapter: software },
      lost: new Promise(unused),
      queue: { writeBuffer: unused, submit: unused, onSubmittedWorkDone: () => Promise.resolve() },
      pushErrorScope: unused,
      popErrorScope: () => Promise.resolve(null),
      createBuffer,
      createBindGroup,
      createBindGroupLayout: ({ entries }: Layout) => ({ entries }),
      createPipelineLayout: ({ bindGroupLayouts }: GPUPipelineLayoutDescriptor) => ({ bindGroupLayouts }),
      createShaderModule: ({ code }: GPUShaderModuleDescriptor) => ({
        code,
        getCompilationInfo: () => Promise.resolve({ messages: [] }),
      }),
      createComputePipelineAsync: ({ label, layout, compute }: GPUComputePipelineDescriptor) => {
        const { bindGroupLayouts } = layout as unknown as { bindGroupLayouts: Layout[] }
        this.pipelines.push({
          label: label ?? '',
          code: (compute.module as unknown as { code: string }).code,
          constants: { ...compute.constants },
          layouts: bindGroupLayouts.map(({ entries }) => entries),
        })
        const pipeline = { layouts: bindGroupLayouts }
        this.#made.push(new WeakRef(pipeline))
        return Promise.resolve(pipeline)
      },
      createCommandEncoder: () => ({
        beginComputePass,
        clearBuffer: unused,
        copyBufferToBuffer: unused,
        finish: unused,
      }),
      destroy: unused,
    } as unknown as GPUDevice
  }

  /** Pipelines that something still refers to; unused ones count until they are collected. */
  get alive(): number {
    return this.#made.filter((made) => made.deref() !== undefined).length
  }
}
