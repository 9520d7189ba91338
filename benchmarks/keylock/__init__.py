"""What the key-lock costs: seconds, accuracy of the paper's federation in short, and use of adapters; and sealing."""
