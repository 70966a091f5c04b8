// The whole of the reader and the writer.
export * from '@mayfly/der';
