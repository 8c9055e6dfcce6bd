"""Benchmarks: each figure beside the bare work it is measured against, in one run. Not tests."""
