/** The titles of the pages of the lesson. The address counts them from 1. */
export const pages = ['One neuron', 'The chain rule', 'A network learns XOR'] as const
