"""What everybody here agrees on: danger lines, eras, ages, wellness scales, codes. The standard library alone.

The science (`mlmodels`), the records (`athletes`) and the advice (`recommendations`) stand on it, and it knows none.
"""
