//! Synthetic submissions with planted defects.
