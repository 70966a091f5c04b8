/** A thread that ends before it has taken a task. */
process.exit(3);
