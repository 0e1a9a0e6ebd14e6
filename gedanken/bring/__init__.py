"""What somebody brings to be compared or reported: run folders, execution files, plain logs."""
