"""The plugin's version; importing the package imports nothing else."""

__version__ = "0.1.0"
__all__ = ["__version__"]
