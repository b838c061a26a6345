export const TwoLayers = () => <p>…</p>
