import { serve } from 'webgpu-mlp/worker'

serve()
