FROM base
COPY . /app/
ENV PYTHONPATH=/opt/packages:/app/src
USER app
