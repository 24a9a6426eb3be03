"""What locust loads. It changes the standard library (gevent): never import this elsewhere."""
