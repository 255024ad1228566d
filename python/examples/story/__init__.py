"""The parts of two_gigabytes.py. What is worth copying into a program of your own is in ways.py."""
