"""The map of the application; paths are in French, names in English."""

from django.contrib import admin
from django.urls import include, path

from franceservices import health
from partners import views as partners_views

urlpatterns = [
    path("", partners_views.home, name="home"),
    path("sante/", health.alive, name="alive"),
    path("sante/pret/", health.ready, name="ready"),
    path("", include("partners.urls")),
    path("", include("conventions.urls")),
    path("", include("bookings.urls")),
    path("", include("casefiles.urls")),
    path("", include("reports.urls")),
    # One sign-in page for everybody: the admin's own would let people in who have nothing to do there.
    path("admin/login/", partners_views.admin_sign_in),
    path("admin/", admin.site.urls),
]

handler500 = "partners.views.server_error"
