"""Where a service is: from its URL to the address that is connected."""
