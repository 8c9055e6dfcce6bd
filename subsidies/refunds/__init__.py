"""稳岗返还: screening, offers, answers, reviews."""
