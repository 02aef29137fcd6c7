"""Certifying workflows."""
