// needs: optimizer/adam
// provides: rule
// Optimizer adamw: adam's rule with decoupled weight decay; formulas in src/optimizer/adamw.ts.
