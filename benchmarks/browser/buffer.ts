// Adapters give some libraries their octets by way of a Buffer; esbuild puts this one wherever the name is used.
export { Buffer } from 'buffer';
