"""What deleting single samples costs where a training goes slice after slice, and what slicing costs in quality."""
