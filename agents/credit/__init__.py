"""Households that borrow against durable goods, and their clearing house."""
