"""Pannier side by side with others: what is compared, how, and the page that says so."""
