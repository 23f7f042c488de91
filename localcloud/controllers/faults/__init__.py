"""Faults on purpose: what is wished, where it lands, and the proof that it has."""
